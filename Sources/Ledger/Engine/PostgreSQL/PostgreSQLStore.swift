/// Opens the store of many machines: a database of a PostgreSQL server.
public enum PostgreSQLStore {
  public static let usualConnections = 4
  public static let usualLockTimeout = Duration.seconds(30)

  public static func open(
    url text: String, migrate: Bool, connections count: Int = usualConnections,
    lockTimeout: Duration = usualLockTimeout
  ) async throws -> LedgerStore {
    let url = try PostgreSQLURL(text)
    let connections = PostgreSQLConnections(
      url, count: max(1, count), PostgreSQLTimes(lockTimeout: lockTimeout))
    do {
      try await connections.withLane { lane in
        let connection = try lane.connected()
        let other = try PostgreSQLOpening.connect(url)
        try PostgreSQLOpening.requireSessions(connection, other, url)
        try PostgreSQLSchema(connection, place: url.place).prepare(migrate: migrate)
      }
    } catch {
      try await connections.close()
      throw error
    }
    return LedgerStore(connections)
  }
}
