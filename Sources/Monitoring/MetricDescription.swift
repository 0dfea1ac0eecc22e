/// What a family of series is called and means. The name is written as it is scraped: base units,
/// counters end in `_total`.
public struct MetricDescription: Sendable, Equatable {
  public enum Kind: String, Sendable { case counter, gauge, histogram }

  public let name: String
  public let kind: Kind
  public let help: String
  /// Upper bounds of a histogram, growing, without infinity.
  public let buckets: [Double]

  private init(_ name: String, _ kind: Kind, _ help: String, _ buckets: [Double] = []) {
    precondition(PrometheusText.isName(name), "\(name) is not a metric name")
    precondition(
      zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 }, "\(name): buckets ascend")
    self.name = name
    self.kind = kind
    self.help = help
    self.buckets = buckets
  }

  public static func counter(_ name: String, _ help: String) -> Self {
    precondition(name.hasSuffix("_total"), "\(name): a counter must end in _total")
    return .init(name, .counter, help)
  }

  public static func gauge(_ name: String, _ help: String) -> Self { .init(name, .gauge, help) }

  public static func histogram(_ name: String, _ help: String, buckets: [Double]) -> Self {
    .init(name, .histogram, help, buckets)
  }

  /// A quarter of a millisecond to ten seconds: steps of a program and calls over a network.
  public static let seconds: [Double] = [
    0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]
}

/// One value of a family that is read when it is scraped.
public struct MetricSample: Sendable {
  public var description: MetricDescription
  public var labels: [(String, String)]
  public var value: Double

  public init(_ description: MetricDescription, labels: [(String, String)] = [], _ value: Double) {
    self.description = description
    self.labels = labels
    self.value = value
  }
}
