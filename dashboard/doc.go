// Package dashboard is a page to look at: what a process serves to Restate, what runs in it,
// what failed, and what a server says of both. It is one HTML page without a script, or the
// same as JSON.
//
// In an application of package fxrestate a [*Page] is injectable, and nothing serves it
// unless it is mounted:
//
//	func NewMux(page *dashboard.Page) *http.ServeMux {
//		mux := http.NewServeMux()
//		mux.Handle("/restate/", page)
//		return mux
//	}
//
// It works under any prefix, in any router. It shows names, addresses and texts of errors:
// mount it on a private port, or behind a guard of yours, which is plain middleware:
//
//	mux.Handle("/restate/", onlyOperators(page))
//	router.With(onlyOperators).Mount("/restate", page) // chi
//
// [New] makes one without fx, also of a server alone.
//
// # Query
//
// The page takes parameters: refresh=5 loads it again each 5 seconds, find=TEXT shows the
// handlers whose service/handler has that text, and format=json, or a request that accepts
// application/json and no HTML, gets JSON. A list that is longer than what is shown has the
// number of the others as "more".
package dashboard
