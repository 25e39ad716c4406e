// Package asyncapi describes the exchange between agencies and hub as an AsyncAPI
// 3.0 document, contracts/asyncapi.yaml, and writes it from the catalogue of
// events, so that the two cannot differ. It is for whoever writes a system of
// their own; contracts/connect.md leads through it.
package asyncapi
