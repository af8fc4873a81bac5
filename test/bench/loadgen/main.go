// Loadgen is a cheap load generator and a cheap webhook in one process, steered by JSON lines on stdin.
//
// Both speak just enough HTTP/1.1 over raw sockets, so that what is measured is the program between them. Events carry
// a number of fixed width in their message; the webhook finds it again, so that lost and repeated ones are counted and
// the time from the first byte sent to the delivery is known by one clock.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

const maxEvents = 4_000_000

// tally is what is known of every event by its number.
type tally struct {
	next      atomic.Int64
	accepted  []atomic.Bool
	delivered []atomic.Int32
	sentAt    []atomic.Int64
	arrivedAt []atomic.Int64
	total     atomic.Int64
	distinct  atomic.Int64
}

func newTally() *tally {
	return &tally{
		accepted:  make([]atomic.Bool, maxEvents),
		delivered: make([]atomic.Int32, maxEvents),
		sentAt:    make([]atomic.Int64, maxEvents),
		arrivedAt: make([]atomic.Int64, maxEvents),
	}
}

func (t *tally) onDelivery(number int64) {
	t.total.Add(1)
	if number < 0 || number >= maxEvents {
		return
	}
	if t.delivered[number].Add(1) == 1 {
		t.arrivedAt[number].Store(time.Now().UnixNano())
		t.distinct.Add(1)
	}
}

// command is one line on stdin; which fields count depends on Cmd.
type command struct {
	Cmd         string  `json:"cmd"`
	Target      string  `json:"target"`
	Connections int     `json:"connections"`
	Seconds     float64 `json:"seconds"`
	// Rate is for an open loop; 0 means a closed one.
	Rate float64 `json:"rate"`
	// Groups is how many namespaces the events spread over, Objects how many objects each of them has.
	Groups  int `json:"groups"`
	Objects int `json:"objects"`
	// From is the first event number to look at.
	From int64 `json:"from"`
}

func main() {
	t := newTally()
	sink, err := listenSink(t)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := json.NewEncoder(os.Stdout)
	_ = out.Encode(map[string]any{"sink": sink.address()})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			_ = out.Encode(map[string]any{"error": err.Error()})
			continue
		}
		switch c.Cmd {
		case "load":
			_ = out.Encode(load(t, c))
		case "drain":
			_ = out.Encode(drain(t, c))
		case "sink":
			_ = out.Encode(sink.state())
		default:
			_ = out.Encode(map[string]any{"error": "unknown command " + c.Cmd})
		}
	}
}
