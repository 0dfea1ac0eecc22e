import Billing

/// Turns what a customer consumes into usage rows, each over a part of the month.
struct SampleUsage {
  static let header = "event_id,account_id,metric,quantity,start,end\n"

  /// RFC 3339 of each full hour of the month, the end of the last one included, by time zone.
  private var hours: [String: [String]] = [:]
  private let period: Period
  /// Event ids begin with it, so that another month's do not meet them.
  private let month: String

  init(period: Period) {
    self.period = period
    month = String(describing: period)
  }

  mutating func hours(in timeZone: String) throws -> [String] {
    if let known = hours[timeZone] { return known }
    let month = try period.interval(in: timeZone)
    let count = (month.upperBound.milliseconds - month.lowerBound.milliseconds) / 3_600_000
    let list = (0...count).map { month.lowerBound.adding(seconds: $0 * 3600).rfc3339 }
    hours[timeZone] = list
    return list
  }

  /// Appends about `rows` rows: half for the server, the rest for storage and traffic. Returns how
  /// many.
  mutating func append(
    of customer: SampleCustomer, rows: Int, seed: UInt64, number: Int, to out: inout [UInt8]
  ) throws -> Int {
    let hours = try hours(in: customer.timeZone)
    let last = hours.count - 1
    // other draws than those that made the customer
    var random = SplitMix64(seed: ~seed, number: number)
    let consumption = customer.consumption
    var written = 0

    func row(_ metric: String, _ quantity: String, _ from: Int, _ to: Int) {
      written += 1
      out.append(
        contentsOf: "\(month)-\(written),\(customer.id),\(metric),\(quantity),".utf8)
      out.append(contentsOf: "\(hours[from]),\(hours[to])\n".utf8)
    }
    func slices(_ count: Int, from: Int, _ body: (Int, Int) -> Void) {
      let parts = max(1, min(count, last - from))
      for part in 0..<parts {
        body(from + (last - from) * part / parts, from + (last - from) * (part + 1) / parts)
      }
    }

    let share = max(1, rows / 4)
    if let server = consumption.server {
      let sign = consumption.isCorrection ? "-" : ""
      slices(rows - 2 * share, from: server.fromHour) {
        row(server.metric, "\(sign)\($1 - $0)", $0, $1)
      }
    }
    if consumption.storageGB > 0 {
      let whole = consumption.storageGB * 1000
      slices(share, from: 0) {
        row("storage_gb_months", thousandths(whole * ($1 - $0) / last), $0, $1)
      }
    }
    if consumption.trafficGB > 0 {
      let each = consumption.trafficGB * 1000 / share
      slices(share, from: 0) {
        row("traffic_gb", thousandths(each * random.number(in: 800...1200) / 1000), $0, $1)
      }
    }
    return written
  }

  /// 1250 -> "1.25"
  private func thousandths(_ value: Int) -> String {
    let whole = value / 1000
    var digits = String(value % 1000)
    if digits == "0" { return String(whole) }
    digits = String(repeating: "0", count: 3 - digits.count) + digits
    while digits.hasSuffix("0") { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}
