import Testing

@testable import Services

@Suite struct MetricTableTests {
  @Test func `Every metric is in the table once`() throws {
    let documented = try OperationsTable.words(under: "### Metrics")
    #expect(documented.sorted() == MetricTable.all.map(\.name).sorted())
  }
}
