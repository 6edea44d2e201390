// Package config has one of two types named Config, in packages of one name.
package config

// Config is one of them.
type Config struct {
	Host string `json:"host"`
}
