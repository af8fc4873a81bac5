module tocsin.example/loadgen

go 1.22
