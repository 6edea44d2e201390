package httpclient

// ModuleVersion is moduleVersion.
var ModuleVersion = moduleVersion
