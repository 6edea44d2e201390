package fxrestate_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// Reminders waits long.
type Reminders struct{}

func NewReminders() *Reminders { return &Reminders{} }

func (*Reminders) Remind(ctx restate.Context, after time.Duration) error {
	return restate.Sleep(ctx, after)
}

// cancelStale cancels what was begun by another revision of a service, before the server
// learns of this one.
func cancelStale(ctx context.Context, changes []deployment.MetadataChange, client *admin.Client) error {
	for _, change := range changes {
		fmt.Printf("%s (%s): %v, was %v\n", change.Service, change.Kind, change.New, change.Old)
		if change.New == nil {
			return fmt.Errorf("%s has no revision any more", change.Service) // aborts the registration
		}
		stale, err := client.Invocations(ctx, admin.InvocationFilter{Services: []string{change.Service}, Limit: 10_000})
		if err != nil {
			return err
		}
		for _, invocation := range stale {
			err := client.CancelInvocation(ctx, invocation.ID)
			if failed, ok := errors.AsType[*admin.Error](err); ok && failed.Status == http.StatusConflict {
				continue // it has completed meanwhile
			}
			if err != nil {
				return err
			}
			fmt.Println("cancelled", invocation.Service+"/"+invocation.Handler)
		}
	}
	return nil
}

// The application is deployed in place, three times: each revision replaces the one before,
// at the same URL. Its interface stays the same, so that only the metadata tells.
func ExampleConfig_onDeploymentMetadataChange() {
	cfg := testkit.Config()
	cfg.Endpoint.Addr = freeAddr() // in-place deploys need a fixed port
	cfg.Register.Mode = deployment.Production
	cfg.Register.OnDeploymentMetadataChange = cancelStale
	deploy := func(metadata ...restate.ServiceDefinitionOption) (*ingress.Client, *fx.App, error) {
		var client *ingress.Client
		app := fx.New(
			fxrestate.Module, fx.NopLogger,
			fx.Supply(cfg, zap.NewNop()),
			fxrestate.Service[*Reminders](NewReminders, append(metadata, fxrestate.Name("reminders"))...),
			fx.Populate(&client),
		)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return client, app, app.Start(ctx)
	}
	ctx := context.Background()

	client, app, err := deploy(restate.WithMetadata("revision", "1"))
	fmt.Println("revision 1:", err)
	reminder, err := ingress.SendVoid(ctx, ingress.NewService[*Reminders](client), (*Reminders).Remind, 24*time.Hour)
	fmt.Println("sent:", err)
	_ = app.Stop(ctx)

	_, app, err = deploy(restate.WithMetadata("revision", "2"))
	fmt.Println("revision 2:", err)
	_, err = reminder.Attach(ctx)
	fmt.Println("the reminder of revision 1:", handler.CodeOf(err), durable.IsCancelled(err))
	_ = app.Stop(ctx)

	_, _, err = deploy() // Required makes the start fail; else it would serve unregistered
	aborted, _ := errors.AsType[*deployment.AbortedError](err)
	fmt.Println("no revision:", aborted.Err)
	// Output:
	// revision 1: <nil>
	// sent: <nil>
	// reminders (service): map[revision:2], was map[revision:1]
	// cancelled reminders/Remind
	// revision 2: <nil>
	// the reminder of revision 1: 409 true
	// reminders (service): map[], was map[revision:2]
	// no revision: reminders has no revision any more
}

func freeAddr() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return l.Addr().String()
}
