package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strconv"
	"sync/atomic"
)

// sink answers 200 with the body "ok" to every request, as Slack does.
type sink struct {
	listener net.Listener
	tally    *tally
	open     atomic.Int64
	peak     atomic.Int64
	ever     atomic.Int64
}

var okAnswer = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")

func listenSink(t *tally) (*sink, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{listener: listener, tally: t}
	go s.accept()
	return s, nil
}

func (s *sink) address() string { return s.listener.Addr().String() }

func (s *sink) state() map[string]any {
	return map[string]any{"open": s.open.Load(), "peak": s.peak.Load(), "ever": s.ever.Load(), "requests": s.tally.total.Load(), "distinct": s.tally.distinct.Load()}
}

func (s *sink) accept() {
	for {
		connection, err := s.listener.Accept()
		if err != nil {
			return
		}
		go s.serve(connection)
	}
}

func (s *sink) serve(connection net.Conn) {
	defer connection.Close()
	s.ever.Add(1)
	open := s.open.Add(1)
	defer s.open.Add(-1)
	for peak := s.peak.Load(); open > peak && !s.peak.CompareAndSwap(peak, open); peak = s.peak.Load() {
	}
	reader := bufio.NewReaderSize(connection, 16<<10)
	body := make([]byte, 0, 4096)
	for {
		head, err := readHead(reader)
		if err != nil {
			return
		}
		body, err = readBody(reader, head, body[:0])
		if err != nil {
			return
		}
		s.tally.onDelivery(numberOf(body))
		if _, err := connection.Write(okAnswer); err != nil {
			return
		}
	}
}

// head is what matters of a request's or an answer's first lines.
type head struct {
	status  int
	length  int
	chunked bool
	close   bool
}

func readHead(reader *bufio.Reader) (head, error) {
	var h head
	first := true
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return h, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return h, nil
		}
		if first {
			first = false
			if len(line) >= 12 && bytes.HasPrefix(line, []byte("HTTP/")) {
				h.status, _ = strconv.Atoi(string(line[9:12]))
			}
			continue
		}
		h.addField(line)
	}
}

func (h *head) addField(line []byte) {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found {
		return
	}
	value = bytes.TrimSpace(value)
	switch len(name) {
	case len("content-length"):
		if bytes.EqualFold(name, []byte("content-length")) {
			h.length, _ = strconv.Atoi(string(value))
		}
	case len("transfer-encoding"):
		if bytes.EqualFold(name, []byte("transfer-encoding")) {
			h.chunked = bytes.EqualFold(value, []byte("chunked"))
		}
	case len("connection"):
		if bytes.EqualFold(name, []byte("connection")) {
			h.close = bytes.EqualFold(value, []byte("close"))
		}
	}
}

func readBody(reader *bufio.Reader, h head, into []byte) ([]byte, error) {
	if !h.chunked {
		return readExactly(reader, h.length, into)
	}
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return into, err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return into, err
		}
		if into, err = readExactly(reader, int(size), into); err != nil {
			return into, err
		}
		if _, err = reader.ReadSlice('\n'); err != nil {
			return into, err
		}
		if size == 0 {
			return into, nil
		}
	}
}

func readExactly(reader *bufio.Reader, count int, into []byte) ([]byte, error) {
	start := len(into)
	for cap(into) < start+count {
		into = append(into[:cap(into)], 0)
	}
	into = into[:start+count]
	_, err := io.ReadFull(reader, into[start:])
	return into, err
}

var marker = []byte("event number ")

// numberOf finds the number that the generator put into the message; -1 when there is none.
func numberOf(body []byte) int64 {
	at := bytes.Index(body, marker)
	if at < 0 || at+len(marker)+numberWidth > len(body) {
		return -1
	}
	number := int64(0)
	for _, digit := range body[at+len(marker) : at+len(marker)+numberWidth] {
		if digit < '0' || digit > '9' {
			return -1
		}
		number = number*10 + int64(digit-'0')
	}
	return number
}
