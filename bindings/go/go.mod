module resilient-redis/bindings/go

go 1.24
