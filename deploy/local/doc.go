// Package local runs what Handrail needs on one machine: a private Postgres, an embedded NATS broker and the
// services as child processes, with nothing to install or configure first.
//
// Three guarantees hold for everything started here. Nothing outlives the process that started it, however that
// process ends. One directory has one owner at a time; a second one gets [ErrBusy]. What was stored survives kill -9
// of any process here and is found again by the next start on the same directory.
//
// An attacker who controls the user account that runs this controls all of it: keys, database and broker storage are
// plain files of that account. It is for demonstrations, tests and development; production runs the same services
// from the other folders of deploy.
package local
