package conformance_test

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/restatetest"
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
	"a shared handler reads beside an exclusive one": {
		programs: map[string]program{
			"": func(x *run) (any, error) {
				restate.Set(x.ctx, "a", x.With())
				v, err := restate.Awakeable[any](x.ctx).Result()
				restate.Set(x.ctx, "a", v)
				return nil, err
			},
			"look": func(x *run) (any, error) {
				v, err := restate.Get[any](x.ctx, "a")
				if err != nil {
					return nil, err
				}
				keys, err := restate.Keys(x.ctx)
				return []any{v, keys}, err
			},
			"write": func(x *run) (any, error) {
				restate.Set(x.ctx, "a", "by a shared handler")
				return nil, nil
			},
		},
		run: func(s *session) {
			for _, object := range []string{"Object", "Lazy"} {
				path := "/" + object + "/beside/"
				s.post(path+"Look", s.do("look", ""))
				id := s.send(path+"Do/send", "", "first")
				s.env.Invocation(id).AwaitEntry("SetState a")
				s.post(path+"Look", s.do("look", ""))
				s.env.Invocation(id).Kill()
				s.attach(id)
				s.post(path+"Look", s.do("look", ""))
			}
		},
	},
	"state is set from outside": {
		programs: map[string]program{"": stateProgram},
		run: func(s *session) {
			state := restatetest.StateOfService(s.env, "Object", "outside")
			state.SetAll(map[string]any{"a": "x", "z": []int{1}})
			s.call("/Object/outside/Do", "")
			state.Set("a", "y")
			s.call("/Object/outside/Do", "")
			state.Clear()
			s.call("/Object/outside/Do", "")
		},
	},
	"values of state are bytes": {
		programs: map[string]program{"": func(x *run) (any, error) {
			restate.Set(x.ctx, "bytes", []byte{0, 255}, restate.WithBinary)
			restate.Set(x.ctx, "ü key/with", map[string]int{"b": 1, "a": 2})
			restate.Set(x.ctx, "", "an empty key")
			restate.Set(x.ctx, "nothing", []byte{}, restate.WithBinary)
			keys, err := restate.Keys(x.ctx)
			if err != nil {
				return nil, err
			}
			bytes, err := restate.Get[[]byte](x.ctx, "bytes", restate.WithBinary)
			return []any{keys, bytes}, err
		}},
		run: func(s *session) {
			s.call("/Lazy/bytes/Do", "")
			s.call("/Object/bytes/Do", "")
		},
	},
	"a service has no state": {
		programs: map[string]program{"": stateProgram},
		run:      func(s *session) { s.call("/Plain/Thrice", "") },
	},
}
