module newproc/tests/bench/http_go

go 1.21
