package logging

// TraceID is for headers that no server sends: it replaces those of its clients.
var TraceID = traceID
