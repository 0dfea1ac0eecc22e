import Testing

@testable import Ledger

@Suite struct PostgreSQLTextTests {
  @Test(arguments: [
    ("SELECT a FROM t WHERE b = ? AND c = ?", "SELECT a FROM t WHERE b = $1 AND c = $2"),
    ("UPDATE t SET a = ?2 WHERE b = ?1 OR c = ?2", "UPDATE t SET a = $2 WHERE b = $1 OR c = $2"),
    ("SELECT 'what?' || ?", "SELECT 'what?' || $1"),
  ])
  func `Places are numbered`(_ sql: String, _ expected: String) {
    #expect(PostgreSQLText.numbered(sql) == expected)
  }

  @Test(arguments: [
    (
      "INSERT INTO t (a, b, c) VALUES (?, 'x', ?) ON CONFLICT (a) DO NOTHING",
      """
      INSERT INTO t (a, b, c) SELECT q.p1, 'x', q.p2 FROM \
      unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS q(p1, p2, ord) ORDER BY q.ord  \
      ON CONFLICT (a) DO NOTHING
      """
    ),
    (
      "UPDATE t SET a = (SELECT x FROM u WHERE u.y = t.y) WHERE b = ? AND c = ?",
      """
      UPDATE t SET a = (SELECT x FROM u WHERE u.y = t.y) FROM \
      unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS q(p1, p2, ord) \
      WHERE b = q.p1 AND c = q.p2
      """
    ),
    (
      "DELETE FROM t WHERE b = ? AND c = ?",
      """
      DELETE FROM t USING unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS q(p1, p2, ord) \
      WHERE b = q.p1 AND c = q.p2
      """
    ),
  ])
  func `One statement writes many rows`(_ sql: String, _ expected: String) {
    #expect(PostgreSQLText.written(sql, [.bigint, .text]) == expected)
  }

  @Test func `A table without a place is not kept back`() {
    let writes = PendingWrites()
    #expect(writes.takes(PostgreSQLStatement("INSERT INTO holds VALUES (?)", [.bigint])))
    #expect(!writes.takes(PostgreSQLStatement("INSERT INTO novelties VALUES (?)", [.bigint])))
  }

  @Test func `Statements of one change keep their order on a table`() {
    let decide = PostgreSQLStatement("INSERT INTO decisions VALUES (?)", [.bigint])
    let place = PostgreSQLStatement("INSERT INTO holds VALUES (?)", [.bigint])
    let lift = PostgreSQLStatement("UPDATE holds SET a = ? WHERE b = ?", [.bigint, .bigint])
    var writes = PendingWrites()
    writes.add(decide, [.integer(1)])
    writes.add(lift, [.integer(1), .integer(1)])
    writes.nextChange()
    writes.add(place, [.integer(2)])
    writes.add(lift, [.integer(2), .integer(2)])
    writes.add(lift, [.integer(3), .integer(2)])
    let taken = writes.take().map { "\($0.statement.sql.prefix(6)) \($0.rows.count)" }
    #expect(taken == ["UPDATE 1", "INSERT 1", "UPDATE 1", "UPDATE 1", "INSERT 1"])
    #expect(writes.take().isEmpty)
  }
}
