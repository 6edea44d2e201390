// Package config has the other of two types named Config, in packages of one name.
package config

// Config is the other.
type Config struct {
	Port int `json:"port"`
}
