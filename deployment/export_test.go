package deployment

import "time"

// BuiltAt replaces the time that the program was built, which tests do not have.
func BuiltAt(r *Registrar, at time.Time) { r.built = at }
