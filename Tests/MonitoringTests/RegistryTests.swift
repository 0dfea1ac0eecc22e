import CoreMetrics
import Testing

@testable import Monitoring

@Suite struct RegistryTests {
  private let hits = MetricDescription.counter("hits_total", "Hits.")
  private let depth = MetricDescription.gauge("depth", "A line\nand a \\.")
  private let wait = MetricDescription.histogram("wait_seconds", "Wait.", buckets: [0.1, 1])

  private func registry(_ labels: [(String, String)] = []) -> PrometheusRegistry {
    PrometheusRegistry([hits, depth, wait], labels: labels)
  }

  @Test func `Nothing measured is nothing said`() async {
    #expect(await registry().text() == "")
  }

  @Test func `A counter counts up and is one series for all who ask`() async {
    let registry = registry([("service", "a")])
    for _ in 0..<2 {
      Counter(label: "hits_total", dimensions: [("outcome", "done")], factory: registry)
        .increment(by: 2)
    }
    Counter(label: "hits_total", dimensions: [("outcome", "dead")], factory: registry)
      .increment(by: -5)
    #expect(
      await registry.text() == """
        # HELP hits_total Hits.
        # TYPE hits_total counter
        hits_total{service="a",outcome="dead"} 0
        hits_total{service="a",outcome="done"} 4

        """)
  }

  @Test func `A gauge goes up and down and its help is escaped`() async {
    let registry = registry()
    let meter = Meter(label: "depth", factory: registry)
    meter.increment(by: 3)
    meter.decrement(by: 0.5)
    #expect(
      await registry.text() == """
        # HELP depth A line\\nand a \\\\.
        # TYPE depth gauge
        depth 2.5

        """)
  }

  @Test func `A histogram's buckets are cumulative and end with all`() async {
    let registry = registry()
    let timer = Timer(label: "wait_seconds", factory: registry)
    for nanoseconds: Int64 in [100_000_000, 100_000_001, 5_000_000_000] {
      timer.recordNanoseconds(nanoseconds)
    }
    let lines = await registry.text().split(separator: "\n").dropFirst(2)
    #expect(
      lines.dropLast(2) == [
        "wait_seconds_bucket{le=\"0.1\"} 1", "wait_seconds_bucket{le=\"1\"} 2",
        "wait_seconds_bucket{le=\"+Inf\"} 3",
      ])
    #expect(lines.last == "wait_seconds_count 3")
    #expect(lines.dropLast().last?.hasPrefix("wait_seconds_sum 5.2") == true)
  }

  @Test func `Values of labels are escaped`() async {
    let registry = registry()
    let hostile = "a\"b\\c\nd"
    Counter(label: "hits_total", dimensions: [("x", hostile)], factory: registry).increment()
    #expect(await registry.text().contains(#"hits_total{x="a\"b\\c\nd"} 1"#))
  }

  @Test func `Collectors are asked when it is scraped`() async {
    let registry = registry()
    registry.collect { [depth] in [MetricSample(depth, labels: [("of", "q")], 7)] }
    #expect(await registry.text().hasSuffix("depth{of=\"q\"} 7\n"))
  }

  @Test func `The process tells of itself`() {
    let samples = ProcessSamples.read()
    func value(_ name: String) -> Double {
      samples.first { $0.description.name == name }?.value ?? -1
    }
    #expect(Set(samples.map(\.description.name)) == Set(ProcessSamples.families.map(\.name)))
    #expect(value("process_resident_memory_bytes") > 1_000_000)
    #expect(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"))
    #expect((3...value("process_max_fds")).contains(value("process_open_fds")))
    #expect(value("process_start_time_seconds") > 1_700_000_000)
    #expect(value("process_cpu_seconds_total") >= 0)
  }

  @Test(arguments: [
    (0, "0"), (-3, "-3"), (0.00025, "0.00025"), (1e-9, "1e-09"), (1e20, "1e+20"),
    (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
  ])
  func `Numbers are written as Prometheus reads them`(_ value: Double, _ text: String) {
    #expect(PrometheusText.number(value) == text)
  }
}
