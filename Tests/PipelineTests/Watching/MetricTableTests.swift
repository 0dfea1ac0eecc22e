import Testing

@testable import Pipeline

@Suite struct MetricTableTests {
  @Test func everyMetricIsInTheTableOnce() throws {
    let documented = try OperationsTable.words(under: "### Metrics")
    #expect(documented.sorted() == MetricTable.all.map(\.name).sorted())
  }
}
