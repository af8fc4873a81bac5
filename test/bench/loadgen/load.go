package main

import (
	"bufio"
	"fmt"
	"net"
	"sort"
	"strings"
	"sync"
	"time"
)

const (
	numberWidth = 10
	// A sender of Flux gives up on a try after this long.
	tryTimeout = 5 * time.Second
	// And waits this long after it was refused.
	refusedPause = time.Second
)

// template of an event; its length does not depend on the number, so that the head can be written once.
const template = `{"involvedObject":{"kind":"Kustomization","namespace":"team-%05d","name":"application-%05d","uid":"351999a7-e826-42a6-8443-e11c0f43c93e","apiVersion":"kustomize.toolkit.fluxcd.io/v1","resourceVersion":"123456"},"severity":"info","timestamp":"2026-01-02T03:04:05Z","message":"event number %010d: Reconciliation finished in 1.2s, next run in 10m0s. Applied revision main@sha1:5394cb7f48332b2de7c17dd8b8384bbc84b7e738, which is healthy after all health checks have passed","reason":"ReconciliationSucceeded","metadata":{"kustomize.toolkit.fluxcd.io/revision":"main@sha1:5394cb7f48332b2de7c17dd8b8384bbc84b7e738"},"reportingController":"kustomize-controller","reportingInstance":"kustomize-controller-7d9f8c6b5-x2x4z"}`

type result struct {
	Seconds   float64        `json:"seconds"`
	Sent      int            `json:"sent"`
	Statuses  map[string]int `json:"statuses"`
	AcksRate  float64        `json:"acksPerSecond"`
	P50       float64        `json:"ackP50Ms"`
	P99       float64        `json:"ackP99Ms"`
	Max       float64        `json:"ackMaxMs"`
	Slowest   float64        `json:"slowestAnswerMs"`
	Delivered float64        `json:"deliveriesPerSecondInWindow"`
	From      int64          `json:"from"`
	To        int64          `json:"to"`
}

type answer struct {
	status int
	// Since the event was due, and since it was sent.
	elapsed time.Duration
	took    time.Duration
}

// load sends for c.Seconds over c.Connections: as fast as answers come, or at c.Rate by the clock.
func load(t *tally, c command) result {
	from := t.next.Load()
	before := t.distinct.Load()
	start := time.Now()
	end := start.Add(time.Duration(c.Seconds * float64(time.Second)))
	pace := newPace(start, c.Rate)
	collected := make([][]answer, c.Connections)
	var group sync.WaitGroup
	for index := range collected {
		group.Add(1)
		go func() {
			defer group.Done()
			collected[index] = (&client{tally: t, command: c, pace: pace, end: end}).run()
		}()
	}
	time.Sleep(time.Until(end))
	inWindow := t.distinct.Load() - before
	group.Wait()
	return summarize(collected, time.Since(start).Seconds(), summary{from: from, to: t.next.Load(), inWindow: inWindow, window: c.Seconds})
}

type client struct {
	tally   *tally
	command command
	pace    *pace
	end     time.Time

	connection net.Conn
	reader     *bufio.Reader
	request    []byte
	body       []byte
}

func (c *client) run() []answer {
	answers := make([]answer, 0, 65536)
	for {
		due, more := c.pace.next(c.end)
		if !more {
			break
		}
		number := c.tally.next.Add(1) - 1
		if number >= maxEvents {
			break
		}
		sent := time.Now()
		status := c.post(number)
		// An open loop counts from when the event was due, so that a stall is felt by all events behind it.
		answers = append(answers, answer{status: status, elapsed: time.Since(due), took: time.Since(sent)})
		if status == 503 {
			time.Sleep(refusedPause)
		}
	}
	if c.connection != nil {
		c.connection.Close()
	}
	return answers
}

// post returns the status, or 0 when there was no answer.
func (c *client) post(number int64) int {
	if c.connection == nil {
		connection, err := net.DialTimeout("tcp", c.command.Target, tryTimeout)
		if err != nil {
			return 0
		}
		c.connection = connection
		c.reader = bufio.NewReaderSize(connection, 4096)
	}
	c.tally.sentAt[number].Store(time.Now().UnixNano())
	_ = c.connection.SetDeadline(time.Now().Add(tryTimeout))
	h, err := c.exchange(c.toRequest(number))
	if err != nil || h.close {
		c.connection.Close()
		c.connection = nil
	}
	if err != nil {
		return 0
	}
	if h.status == 202 {
		c.tally.accepted[number].Store(true)
	}
	return h.status
}

func (c *client) exchange(request []byte) (head, error) {
	if _, err := c.connection.Write(request); err != nil {
		return head{}, err
	}
	h, err := readHead(c.reader)
	if err != nil {
		return h, err
	}
	c.body, err = readBody(c.reader, h, c.body[:0])
	return h, err
}

func (c *client) toRequest(number int64) []byte {
	groups, objects := int64(max(c.command.Groups, 1)), int64(max(c.command.Objects, 1))
	body := fmt.Sprintf(template, number%groups, number/groups%objects, number)
	c.request = append(c.request[:0], "POST / HTTP/1.1\r\nHost: "...)
	c.request = append(c.request, c.command.Target...)
	c.request = fmt.Appendf(c.request, "\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return c.request
}

// pace hands out the moments at which events are due.
type pace struct {
	mutex sync.Mutex
	start time.Time
	rate  float64
	count int64
}

func newPace(start time.Time, rate float64) *pace { return &pace{start: start, rate: rate} }

func (p *pace) next(end time.Time) (time.Time, bool) {
	if p.rate == 0 {
		now := time.Now()
		return now, now.Before(end)
	}
	p.mutex.Lock()
	due := p.start.Add(time.Duration(float64(p.count) / p.rate * float64(time.Second)))
	p.count++
	p.mutex.Unlock()
	// The schedule ends by the clock, also for a generator that has fallen behind it.
	if !due.Before(end) || !time.Now().Before(end) {
		return due, false
	}
	time.Sleep(time.Until(due))
	return due, true
}

type summary struct {
	from, to, inWindow int64
	window             float64
}

func summarize(collected [][]answer, seconds float64, s summary) result {
	statuses := map[string]int{}
	latencies := []float64{}
	sent, accepted := 0, 0
	slowest := time.Duration(0)
	for _, answers := range collected {
		for _, a := range answers {
			sent++
			slowest = max(slowest, a.took)
			statuses[fmt.Sprint(a.status)]++
			if a.status == 202 {
				accepted++
			}
			latencies = append(latencies, float64(a.elapsed.Microseconds())/1000)
		}
	}
	sort.Float64s(latencies)
	return result{
		Seconds: seconds, Sent: sent, Statuses: statuses, AcksRate: float64(accepted) / seconds,
		P50: quantile(latencies, 0.5), P99: quantile(latencies, 0.99), Max: quantile(latencies, 1), Slowest: float64(slowest.Microseconds()) / 1000,
		Delivered: float64(s.inWindow) / s.window, From: s.from, To: s.to,
	}
}

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

type drained struct {
	Accepted int `json:"accepted"`
	// Missing were accepted and did not arrive.
	Missing    int    `json:"missing"`
	Duplicates int    `json:"duplicates"`
	FirstLost  string `json:"firstLost,omitempty"`
	// Rate is accepted events per second, from the first byte sent to the last delivery.
	Rate float64 `json:"deliveriesPerSecond"`
	P50  float64 `json:"deliveryP50Ms"`
	P99  float64 `json:"deliveryP99Ms"`
}

// drain waits until everything accepted from c.From on has arrived, or nothing more has for c.Seconds.
func drain(t *tally, c command) drained {
	quiet := time.Duration(c.Seconds * float64(time.Second))
	last, lastChange := t.total.Load(), time.Now()
	for {
		d := t.look(c.From)
		if d.Missing == 0 {
			return d
		}
		if total := t.total.Load(); total != last {
			last, lastChange = total, time.Now()
		}
		if time.Since(lastChange) > quiet {
			return d
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (t *tally) look(from int64) drained {
	d := drained{}
	latencies := []float64{}
	first, last := int64(0), int64(0)
	lost := []string{}
	for number := from; number < min(t.next.Load(), maxEvents); number++ {
		sent := t.sentAt[number].Load()
		if !t.accepted[number].Load() {
			continue
		}
		d.Accepted++
		if first == 0 || sent < first {
			first = sent
		}
		count := int(t.delivered[number].Load())
		if count == 0 {
			d.Missing++
			lost = append(lost, fmt.Sprint(number))
			continue
		}
		d.Duplicates += count - 1
		arrived := t.arrivedAt[number].Load()
		last = max(last, arrived)
		latencies = append(latencies, float64(arrived-sent)/1e6)
	}
	sort.Float64s(latencies)
	d.P50, d.P99 = quantile(latencies, 0.5), quantile(latencies, 0.99)
	if last > first {
		d.Rate = float64(d.Accepted-d.Missing) / (float64(last-first) / 1e9)
	}
	d.FirstLost = strings.Join(lost[:min(len(lost), 5)], " ")
	return d
}
