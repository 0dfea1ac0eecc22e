import Billing
import Foundation
import Ledger
import Services

/// What a campaign came to, for people.
struct CampaignReport {
  let total: Campaign.Total
  let accounts: Int
  let seconds: Double

  var text: String {
    (failures + [""] + faults + [""] + boundaries + [""] + missed.map { "never hit: \($0)" }
      + [summary]).joined(separator: "\n")
  }

  /// A campaign of some length that never hit a kind of fault, or of great length that never
  /// crashed at one of the boundaries, does not show what it is there to show.
  var missed: [String] {
    var missed: [String] = []
    if total.seeds >= 300 {
      missed += SimulatedFault.allCases.filter { total.hits[$0, default: 0] == 0 }.map(\.rawValue)
    }
    if total.seeds >= 5_000 {
      missed += MonthClose.services.flatMap { service in
        CrashPoint.all(of: service).filter {
          total.crashes[CrashPlace(service: service, boundary: $0), default: 0] == 0
        }.map { "a crash of the \(service.rawValue) at \($0.rawValue)" }
      }
    }
    return missed
  }

  private var failures: [String] {
    total.failures.sorted { $0.seed < $1.seed }.prefix(20).flatMap { result -> [String] in
      guard let violation = result.violation else { return [] }
      let head = "seed \(result.seed): \(violation.invariant) is broken: \(violation.what)"
      let last = result.trace.suffix(total.failures.count > 1 ? 0 : 30).map { "    \($0)" }
      return [head] + last + ["    full trace: simulator trace \(result.seed)"]
    }
  }

  private var faults: [String] {
    ["faults and how often each was hit"]
      + SimulatedFault.allCases.map { "  \(padded(total.hits[$0, default: 0]))  \($0.rawValue)" }
  }

  private var boundaries: [String] {
    let services = MonthClose.services
    let head =
      "crashes at each boundary (and how often it was reached)\n  "
      + "boundary".padding(toLength: 16, withPad: " ", startingAt: 0)
      + services.map { $0.rawValue.leftPadded(17) }.joined()
    return [head]
      + CrashPoint.allCases.map { boundary in
        "  " + boundary.rawValue.padding(toLength: 16, withPad: " ", startingAt: 0)
          + services.map { cell($0, boundary).leftPadded(17) }.joined()
      }
  }

  private func cell(_ service: ServiceName, _ boundary: CrashPoint) -> String {
    guard CrashPoint.all(of: service).contains(boundary) else { return "" }
    let place = CrashPlace(service: service, boundary: boundary)
    return "\(total.crashes[place, default: 0]) (\(total.boundaries[place, default: 0]))"
  }

  private var summary: String {
    let rate = Double(total.seeds) / max(seconds, 0.001)
    return "\(total.seeds) seeds of \(accounts) accounts in \(tenths(seconds)) s "
      + "(\(tenths(rate)) per second): \(total.charges) charges, \(total.mails) mails, "
      + "\(total.replayed) dead letters from outages replayed, "
      + "\(total.failures.count) seeds with a broken invariant"
  }

  private func padded(_ number: Int) -> String { "\(number)".leftPadded(9) }
  private func tenths(_ number: Double) -> String { String(format: "%.1f", number) }
}

extension String {
  fileprivate func leftPadded(_ width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
