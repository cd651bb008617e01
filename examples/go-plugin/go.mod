module example.com/greeter

go 1.20

require github.com/crisp-im/go-crisp-api/crisp/v3 v3.73.1
