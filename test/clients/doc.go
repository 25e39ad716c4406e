// Package clients runs systems that are not ours against a whole hub: programs in
// other languages, written against the published contract alone.
package clients
