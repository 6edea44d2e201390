// Package journal records the journals of invocations in files, without what is secret, and
// replays them against the handlers of today.
//
// A file is JSON with an entry on each line, so that people can review it and a diff shows
// what has changed. What is in it is enough to play an attempt: see [Replay].
package journal
