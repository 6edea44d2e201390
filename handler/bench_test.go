package handler_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

// Typed clients resolve at every call.
func BenchmarkResolve(b *testing.B) {
	desc, err := handler.Spec{Type: reflect.TypeFor[*Cart]()}.Describe()
	require.NoError(b, err)
	r, err := handler.NewRegistry(desc)
	require.NoError(b, err)
	b.Run("Registered", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Resolve((*Cart).AddItem); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Remote", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Resolve((*Signup).Run); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := r.Resolve((*Cart).AddItem); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// A service's description is part of the time that an application takes to start.
func BenchmarkDescribe(b *testing.B) {
	spec := handler.Spec{Type: reflect.TypeFor[*Shapes](), Handlers: []handler.HandlerSpec{{Method: (*Shapes).In}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := spec.Describe(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestResolvingAgainDoesNotAllocate(t *testing.T) {
	r := registry(t, handler.Spec{Type: reflect.TypeFor[*Cart]()})
	methods := []any{(*Cart).AddItem, (*Cart).Items, (*Signup).Run, Tariff.Rate}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, method := range methods {
			_, _ = r.Resolve(method)
		}
	}))
}
