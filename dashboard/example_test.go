package dashboard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/dashboard"
)

// A page of a server, without an application and without fx.
func ExampleNew() {
	client, err := admin.New(admin.Config{URL: admin.DefaultURL})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/restate/", dashboard.New(dashboard.Config{Title: "Staging", Admin: client}))
	// Output:
}

// A guard is plain middleware.
func ExamplePage() {
	onlyOperators := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Operator") == "" {
				http.Error(w, "for operators", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	page := onlyOperators(dashboard.New(dashboard.Config{}))
	for _, operator := range []string{"", "me"} {
		r := httptest.NewRequest(http.MethodGet, "/restate/", http.NoBody)
		r.Header.Set("X-Operator", operator)
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 403
	// 200
}
