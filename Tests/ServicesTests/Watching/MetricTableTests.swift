import Testing

@testable import Services

@Suite struct MetricTableTests {
  @Test func everyMetricIsInTheTableOnce() throws {
    let documented = try OperationsTable.words(under: "### Metrics")
    #expect(documented.sorted() == MetricTable.all.map(\.name).sorted())
  }
}
