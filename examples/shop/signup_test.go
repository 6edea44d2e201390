package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/restatetest"
)

func TestSignupWaitsForTheCodeInTheMail(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, backend)
		signup := w.do("PUT", "/signups/1", `{"name":"Ada","email":"ada@mail.com"}`)
		code := w.written("ada@mail.com", "Your code: ")
		require.Len(t, code, 6)
		w.requireJSON(`"pending"`, "/signups/1")
		require.Equal(t, http.StatusNotFound, w.do("GET", "/customers/ada@mail.com/points", "").status)

		require.Equal(t, http.StatusNoContent, w.do("POST", "/signups/1/code", `{"code":"`+code+`"}`).status)
		w.result(signup).json(`"verified"`)
		w.requireJSON(`"verified"`, "/signups/1")
		w.requireJSON(`0`, "/customers/ada@mail.com/points")
		w.written("ada@mail.com", "Welcome, Ada!")
	})
}

func TestSignupWithAWrongCodeIsRefused(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		w := start(t, backend)
		signup := w.do("PUT", "/signups/1", `{"name":"Ada","email":"ada@mail.com"}`)
		code := w.written("ada@mail.com", "Your code: ")
		require.Equal(t, http.StatusNoContent, w.do("POST", "/signups/1/code", `{"code":"a guess"}`).status)
		w.result(signup).problem(http.StatusBadRequest, "the code is wrong")
		require.Equal(t, http.StatusConflict, w.do("POST", "/signups/1/code", `{"code":"`+code+`"}`).status, "there is one try")
		w.requireJSON(`"refused"`, "/signups/1")
		require.Equal(t, http.StatusNotFound, w.do("GET", "/customers/ada@mail.com/points", "").status)
	})
}

func TestSignupOfNoMailboxIsNotBegun(t *testing.T) {
	t.Parallel()
	w := start(t, restatetest.InProcess)
	w.result(w.do("PUT", "/signups/1", `{"name":"Ada","email":"ada"}`)).problem(http.StatusBadRequest, "invalid input: email: email")
	require.Equal(t, http.StatusNotFound, w.do("GET", "/signups/1", "").status)
}
