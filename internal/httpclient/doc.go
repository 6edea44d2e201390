// Package httpclient is the common base of the clients of the ingress and of the admin
// API: headers of each request, connections, and errors from responses. It limits the
// size of texts from outside and removes secrets from them.
package httpclient
