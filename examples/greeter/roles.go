package main

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// RoleUpdate gives a user a role, with permissions.
type RoleUpdate struct {
	User        string   `json:"user"`
	Role        string   `json:"role"`
	Permissions []string `json:"permissions"`
}

var (
	applyRole       = durable.NewStep[bool]("apply role")
	applyPermission = durable.NewStep[restate.Void]("apply permission")
)

// Roles is a service that changes two systems.
type Roles struct{ access *Access }

// NewRoles is the constructor of Roles.
func NewRoles(access *Access) *Roles { return &Roles{access} }

// Apply gives the role and then each permission. An attempt after a crash goes on with
// the first permission that was not given. It returns false if the role is refused.
func (r *Roles) Apply(ctx restate.Context, in RoleUpdate) (bool, error) {
	allowed, err := applyRole.Run(ctx, func(ctx context.Context) (bool, error) {
		return r.access.SetRole(ctx, in.User, in.Role)
	})
	if err != nil || !allowed {
		return false, err
	}
	for _, permission := range in.Permissions {
		err := durable.RunVoid(ctx, applyPermission, func(ctx context.Context) error {
			return r.access.Permit(ctx, in.User, permission)
		})
		if err != nil {
			return false, err
		}
	}
	return true, nil
}
