module github.com/crisp-mock/crisp-mock/clients/go

go 1.19
