//go:build !unix

package main

import "errors"

func readUsage() (usage, error) {
	return usage{}, errors.New("what a process uses is measured on unix systems only")
}
