import ArgumentParser
import Billing
import Foundation

/// `sandbox sample`: the files of a fictional cloud provider, the same for the same arguments.
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Write accounts, usage, prices and credits of a fictional cloud provider.",
    discussion: """
      Writes accounts.csv, usage.csv, catalog.yaml (CHF), catalog-eur.yaml (EUR) and credits.csv
      (account_id,amount,reference). About 8 % of the accounts pay manually, 3 % have a card without
      funds, 1 % a lost card, and some use nothing. The same arguments give the same files.
      """)

  @Option(help: "Number of accounts.")
  var accounts = 1000

  @Option(help: "The month of the usage, as YYYY-MM.")
  var period: String

  @Option(help: "The folder to write to; created if missing.")
  var out: String

  @Option(help: "Random seed; another number gives another sample.")
  var seed: UInt64 = 1

  @Option(help: "Approximate number of usage rows per account.")
  var rowsPerAccount = 30

  @Option(help: "Number of accounts that get a credit.")
  var credits = 10

  @Flag(help: "For fault tests: a quarter are declined, pay manually, owe nothing or are owed.")
  var awkward = false

  func validate() throws {
    guard (1...10_000_000).contains(accounts) else {
      throw ValidationError("--accounts: expected 1 to 10000000, found \(accounts)")
    }
    guard (4...700).contains(rowsPerAccount) else {
      throw ValidationError("--rows-per-account: expected 4 to 700, found \(rowsPerAccount)")
    }
    guard credits >= 0 else {
      throw ValidationError("--credits: expected 0 or more, found \(credits)")
    }
  }

  func run() throws {
    let folder = URL(fileURLWithPath: out)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw SampleFile.InjectedFault(description: "the folder \(folder.path) cannot be created")
    }
    try writeCatalogs(folder)
    let rows = try writeCustomers(folder, Period(period))
    try writeCredits(folder)
    FileHandle.standardError.write(
      Data("\(accounts) accounts, \(rows) usage rows, 2 price lists in \(folder.path)\n".utf8))
  }

  private func writeCatalogs(_ folder: URL) throws {
    for (name, text) in [
      ("catalog.yaml", SampleCatalog.francs), ("catalog-eur.yaml", SampleCatalog.euros),
    ] {
      var file = try SampleFile(name, in: folder)
      try file.write(text)
      try file.close()
    }
  }

  private func writeCustomers(_ folder: URL, _ period: Period) throws -> Int {
    var accountsFile = try SampleFile("accounts.csv", in: folder)
    var usageFile = try SampleFile("usage.csv", in: folder)
    try accountsFile.write(SampleCustomer.header)
    try usageFile.write(SampleUsage.header)
    var usage = SampleUsage(period: period)
    let hours = try usage.hours(in: "Europe/Zurich").count - 1
    var rows = 0
    for number in 1...accounts {
      var customer = SampleCustomer(number: number, seed: seed, hours: hours)
      if awkward { customer.becomeAwkward(number: number) }
      try accountsFile.write(customer.csvLine)
      rows += try usageFile.write { out in
        try usage.append(
          of: customer, rows: rowsPerAccount, seed: seed, number: number, to: &out)
      }
    }
    try accountsFile.close()
    try usageFile.close()
    return rows
  }

  /// Every third one is larger than any invoice here: it leaves nothing due.
  private func writeCredits(_ folder: URL) throws {
    var file = try SampleFile("credits.csv", in: folder)
    try file.write("account_id,amount,reference\n")
    for index in 0..<min(credits, accounts) {
      let number = 1 + index * max(1, accounts / max(1, credits))
      let customer = SampleCustomer(number: number, seed: seed, hours: 24)
      let amount = index % 3 == 2 ? "250.00" : "2.50"
      try file.write("\(customer.id),\(amount) \(customer.currency),welcome-\(customer.id)\n")
    }
    try file.close()
  }
}

/// A file that is written in large pieces; a fault names the file.
struct SampleFile {
  struct InjectedFault: Error, CustomStringConvertible {
    var description: String
  }

  let url: URL
  private let handle: FileHandle
  private var buffer: [UInt8] = []

  init(_ name: String, in folder: URL) throws {
    url = folder.appendingPathComponent(name)
    guard FileManager.default.createFile(atPath: url.path, contents: nil),
      let handle = FileHandle(forWritingAtPath: url.path)
    else { throw InjectedFault(description: "\(url.path) cannot be written") }
    self.handle = handle
    buffer.reserveCapacity(1 << 20)
  }

  mutating func write(_ text: String) throws {
    try write { $0.append(contentsOf: text.utf8) }
  }

  mutating func write<T>(_ body: (inout [UInt8]) throws -> T) throws -> T {
    let result = try body(&buffer)
    if buffer.count > 1 << 19 { try flush() }
    return result
  }

  mutating func close() throws {
    try flush()
    try handle.close()
  }

  private mutating func flush() throws {
    do {
      try handle.write(contentsOf: buffer)
      buffer.removeAll(keepingCapacity: true)
    } catch {
      throw InjectedFault(
        description: "\(url.path) cannot be written: \(error.localizedDescription)")
    }
  }
}
