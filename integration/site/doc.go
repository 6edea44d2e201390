// Package site tests the documentation site in a browser, as it was built:
//
//	.ci/run site
package site
