// Package drawing draws the services of an application and who calls whom: as text for a
// terminal, as Mermaid and as SVG.
package drawing
