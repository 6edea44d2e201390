package dashboard

// process is what the process knows of itself at this moment.
func (p *Page) process() *process {
	e := p.cfg.Endpoint
	out := &process{InFlight: e.InFlight(), MaxInFlight: e.Config().MaxInFlight, DeploymentID: text(p.deploymentID())}
	if addr := e.Addr(); addr != nil {
		out.Addr = addr.String()
	}
	out.NotReady, out.NotLive = why(p.cfg.Ready), why(p.cfg.Live)
	attempts := []attempt{}
	for _, a := range e.Attempts(shown) {
		attempts = append(attempts, attempt{
			Handler: text(a.Target), ID: text(a.InvocationID), Since: a.Since, Number: a.Number, Suspending: a.Suspending,
		})
	}
	out.Attempts = list[attempt]{attempts, max(out.InFlight-len(attempts), 0)}
	if len(attempts) < shown {
		out.InFlight, out.Attempts.More = len(attempts), 0 // of one moment
	}
	return out
}

func why(check func() error) string {
	if check == nil {
		return ""
	}
	if err := check(); err != nil {
		return text(err.Error())
	}
	return ""
}

func (p *Page) failures() *list[failure] {
	last := []failure{}
	for _, f := range p.cfg.Failures.Last() {
		last = append(last, failure{f.At, text(f.Target), text(f.InvocationID), f.Kind, text(f.Text)})
	}
	return &list[failure]{Items: last}
}
