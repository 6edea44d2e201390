// Package doctor has the command doctor: it looks at all that an application needs of its
// server, and says of each thing that is wrong what to do.
package doctor
