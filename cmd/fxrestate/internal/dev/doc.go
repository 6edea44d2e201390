// Package dev has the command dev: a real restate-server for the work on an application,
// whose data is kept under a name, and which registers applications that appear.
package dev
