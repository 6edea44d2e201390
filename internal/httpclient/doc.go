// Package httpclient is what the clients of the ingress and of the admin API have in
// common: what they send with each request, how they connect, and what of an answer
// goes into an error. It bounds texts from outside and keeps secrets out of them.
package httpclient
