"""One PostgreSQL database: the server, the migrations, the road's tables; saves and reads records."""
