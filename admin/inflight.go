package admin

import (
	"context"
	"time"
)

// InFlight counts invocations that have not completed, by deployment, handler and
// status.
type InFlight struct {
	// DeploymentID of the deployment that the invocations are bound to, or
	// [NotBound]: see [Invocation].
	DeploymentID string           `json:"deployment_id"`
	Service      string           `json:"service"`
	Handler      string           `json:"handler"`
	Status       InvocationStatus `json:"status"`
	Count        int              `json:"count"`
	// Oldest and Newest are when the first and the last of them were created.
	Oldest time.Time `json:"oldest"`
	Newest time.Time `json:"newest"`
}

// NotBound stands for the deployment of an invocation that is bound to none.
const NotBound = ""

// InFlight counts the invocations that have not completed and are bound to one of the
// given deployments; without any, all that have not completed. With [NotBound] among
// the ids the invocations that are bound to none count too: they start, or start again,
// on whatever deployment is then the latest of their service, which must still have their
// handler.
//
// The rows are sorted by deployment, service, handler and status. There is no row with
// a Count of 0.
func (c *Client) InFlight(ctx context.Context, deploymentIDs ...string) ([]InFlight, error) {
	where, args := conditions{notCompleted}.add(in(boundTo, deploymentIDs)).where()
	return Query[InFlight](ctx, c, "SELECT "+boundTo+" AS deployment_id, target_service_name AS service, "+
		"target_handler_name AS handler, status, count(*) AS count, min(created_at) AS oldest, max(created_at) AS newest FROM sys_invocation"+
		where+" GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4", args...)
}
