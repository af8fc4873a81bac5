// Forwarder is the limit that everything that forwards webhooks is measured against: it reads a body, answers 202 and
// passes the body on over kept-alive connections with 64 workers. It stores nothing and knows no Alerts.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

const (
	workers = 64
	backlog = 1 << 20
)

func main() {
	target := os.Args[1]
	bodies := make(chan []byte, backlog)
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: workers, MaxIdleConnsPerHost: workers}}
	for range workers {
		go forward(client, target, bodies)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("{\"msg\":\"listening\",\"events\":%q}\n", listener.Addr().String())
	_ = http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		bodies <- body
		w.WriteHeader(http.StatusAccepted)
	}))
}

func forward(client *http.Client, target string, bodies <-chan []byte) {
	for body := range bodies {
		response, err := client.Post(target, "application/json", bytes.NewReader(body))
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}
