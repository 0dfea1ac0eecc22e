import Billing
import JSON

/// What `/readyz` says.
struct ReadinessReport: Sendable {
  var phase: ServiceHealth.Phase
  var missing: [ServiceHealth.Part: String]
  var storeReturns: Int
  var brokerReturns: Int

  var isReady: Bool { phase == .consuming && missing.isEmpty }

  var status: String {
    switch phase {
    case .stopping: "stopping"
    case .starting: missing.isEmpty ? "starting" : "not ready"
    case .consuming: missing.isEmpty ? "ready" : "not ready"
    }
  }

  /// One object: the missing parts in a fixed order, each with why.
  func json(service: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.object {
      $0.array("missing") { writer in
        for part in ServiceHealth.Part.allCases {
          guard let why = missing[part] else { continue }
          writer.object {
            $0.text("part", part.rawValue)
            $0.text("why", why)
          }
        }
      }
      $0.text("service", service)
      $0.text("status", status)
    }
    return writer.bytes
  }
}
