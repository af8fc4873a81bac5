module tocsin.example/forwarder

go 1.22
