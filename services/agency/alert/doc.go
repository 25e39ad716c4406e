// Package alert wakes the people of an agency's duty rota when something waits for them: in their browsers, by webhook, mail
// and a gateway for short messages. It never sends anything of a case.
//
// What is sent is one fixed text in the agency's language, how urgent it is, and the codes of the alerts:
//
//	Handrail: something waits for the duty desk, urgent. Open the desk. Alert K7Q2.
//
// There is no case, referral, agency or place in it, no fact, and not even what kind of thing waits. Webhooks are signed
// by Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature); go to https, or to this machine itself; follow
// no redirect and use no proxy. Browsers are reached by Web Push (RFC 8030, 8291, 8292) through the servers of their makers
// that the rota names, and no others: each message has the same length and is sealed to the browser.
//
// Guarantees. One alert per cause, for as long as the cause stands. A step (whom to alert next) and its messages are
// durable before the first of them is sent, and each message is marked after it was taken: it is sent at least once,
// and again with the same id when the service ended in between. The first person is alerted at once; the next one after
// the rota's wait, or at once if no channel of the one before took the message; then everybody again, for the rota's
// number of rounds; then the alert is an alarm of the agency. A round in which no message was taken begins anew. It
// ends when a person acknowledges it or its cause is over. A failed message is tried again four times, ever more slowly;
// one person gets at most one message per channel in half a minute, with all codes in it. No channel waits for another.
//
// The rota is the file rota.yaml in the agency's folder, with mode 600. Without it nobody is alerted, and the doctor says
// so. It is read again when it changes; if it is wrong then, the last good one stays in force, with an alarm. People are
// staff codes, never names. All that is secret stands in files of the same folder with mode 600, one line each. This is a
// complete rota:
//
//	timezone: Europe/Tallinn
//	language: en
//
//	# How long until the next person is alerted. Referrals for tonight ring at any hour; other things wait while it is
//	# quiet. Everybody is alerted so many rounds.
//	wait: {tonight: 5m, standard: 30m}
//	rounds: 3
//	quiet:
//	  - {days: daily, from: "21:00", to: "08:00"}
//	  - {days: sa-su, from: "00:00", to: "24:00"}
//
//	people:
//	  duty-1:
//	    webhook: {url: "https://duty.example.org/hook", secret: duty-1.whsec}
//	    sms: "+37255500001"
//	  duty-2:
//	    mail: duty-2@example.org
//	    sms: "+37255500002"
//	  duty-3:
//	    webhook: {url: "http://127.0.0.1:9000/bell", secret: bell.whsec}
//	    mail: duty-3@example.org
//	  duty-4:
//	    push: true # in the browsers where this person asked for it; whoever else asked is alerted there too
//	  lead-1:
//	    sms: "+37255500009"
//
//	# A shift that ends before it begins ends on the next day; its days name where it begins. Who stands first is alerted
//	# first. If several shifts cover an hour, their people follow each other as the shifts do here.
//	shifts:
//	  - {days: mo-fr, from: "08:00", to: "20:00", people: [duty-1, duty-2]}
//	  - {days: mo-fr, from: "20:00", to: "08:00", people: [duty-3, duty-1]}
//	otherwise: [lead-1, duty-3] # when nobody has a shift; needed unless the shifts leave no hour out
//
//	smtp: {host: mail.example.org, port: 587, security: starttls, user: handrail, password: smtp.password, from: handrail@example.org}
//	sms:
//	  url: https://sms.example.org/v1/messages
//	  token: sms.token
//	  body: '{"recipients": [{"msisdn": "{digits}"}], "message": "{text}"}' # without it: {"number": ..., "text": ...}
//	push: # browsers, by the servers of their makers; a port only if it is not 443
//	  hosts: [fcm.googleapis.com, "*.notify.windows.com", updates.push.services.mozilla.com, web.push.apple.com]
//	  contact: duty@example.org # where the makers ask when something is wrong: a mail or https address of the agency
//	ca: roots.pem # further roots to trust, such as a ministry's own; may be left out
//
// Trust. Whoever can write the rota can have alerts sent elsewhere, which tells them that something waits, and can keep
// people from being woken. Whoever reads what is sent learns that something waits at this agency, and how urgent it is.
// Whoever holds a webhook's secret can ring falsely. A browser's maker learns that something was sent, when, how urgent it
// is and to which browser. Whoever holds the journal and push.vapid can ring in those browsers.
package alert
