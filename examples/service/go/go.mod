module example.com/greeter-with-crisp-sync

go 1.19
