package conformance_test

import (
	restate "github.com/restatedev/sdk-go"
)

var stateProgram program = func(x *run) (any, error) {
	keys, err := restate.Keys(x.ctx)
	if err != nil {
		return nil, err
	}
	a, err := restate.Get[string](x.ctx, "a")
	if err != nil {
		return nil, err
	}
	restate.Set(x.ctx, "a", a+"+")
	restate.Set(x.ctx, "b", 2)
	again, err := restate.Get[string](x.ctx, "a")
	if err != nil {
		return nil, err
	}
	none, err := restate.Get[*int](x.ctx, "none")
	if err != nil {
		return nil, err
	}
	return []any{keys, a, again, none}, nil
}

var clearProgram program = func(x *run) (any, error) {
	restate.Clear(x.ctx, "b")
	b, err := restate.Get[*int](x.ctx, "b")
	if err != nil {
		return nil, err
	}
	if x.With() == "all" {
		restate.ClearAll(x.ctx)
	}
	a, err := restate.Get[*string](x.ctx, "a")
	if err != nil {
		return nil, err
	}
	return []any{a, b}, nil
}

var stateScenarios = map[string]scenario{
	"state is written and read": {
		programs: map[string]program{"": stateProgram, "clear": clearProgram},
		run: func(s *session) {
			for _, object := range []string{"Object", "Lazy"} {
				path := "/" + object + "/state/Do"
				s.call(path, "")
				s.call(path, "")
				s.post(path, s.do("clear", ""))
				s.post(path, s.do("clear", "all"))
				s.call(path, "")
			}
		},
	},
	"a service has no state": {
		programs: map[string]program{"": stateProgram},
		run:      func(s *session) { s.call("/Plain/Thrice", "") },
	},
}
