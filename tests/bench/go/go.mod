module newprocbench

go 1.21
