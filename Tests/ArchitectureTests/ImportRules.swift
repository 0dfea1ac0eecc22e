/// Which target may import what: the table of docs/architecture.md, with the additions it gives
/// reasons for. What is not named here, neither ours nor the platform's, is refused.
enum ImportRules {
  private static let platform: Set<String> = ["FoundationEssentials", "Glibc", "Synchronization"]
  private static let service: Set<String> = ["Services"]

  static let allowed: [String: Set<String>] = [
    "Billing": ["FoundationEssentials", "Synchronization"],
    "Ledger": platform.union([
      "Billing", "CPostgres", "CSQLite", "Dispatch", "Foundation", "GRDB", "GRDBSQLite",
      "Endpoints",
    ]),
    "Broker": platform.union(["CRabbitMQ", "DequeModule", "Endpoints", "Logging"]),
    "Monitoring": platform.union(["CoreMetrics", "Hummingbird", "Logging", "ServiceLifecycle"]),
    "JSON": ["FoundationEssentials"],
    "Endpoints": ["CCurl", "Glibc"],
    "Payments": platform.union([
      "AsyncHTTPClient", "Billing", "Dispatch", "JSON", "Logging", "Endpoints", "NIOCore",
      "NIOPosix",
      "NIOSSL",
    ]),
    "Mail": platform.union([
      "Billing", "CCurl", "DequeModule", "Dispatch", "Endpoints", "Logging", "Mustache",
    ]),
    "Services": platform.union([
      "AsyncHTTPClient", "Billing", "Broker", "CCrypto", "CCurl", "CoreMetrics", "Dispatch",
      "Foundation", "JSON", "Ledger", "Logging", "Mail", "Monitoring", "NIOCore", "Endpoints",
      "Payments", "ServiceLifecycle",
    ]),
    "Operations": platform.union([
      "Billing", "Broker", "Ledger", "Logging", "Payments", "Services",
    ]),
    "invoicer": service, "charger": service, "mailer": service, "holder": service,
    "reporter": service,
    "closectl": platform.union([
      "ArgumentParser", "Billing", "Broker", "CZlib", "Dispatch", "Foundation", "Ledger",
      "JSON", "Logging", "Operations", "Payments", "Services", "Yams",
    ]),
    "simulator": platform.union([
      "ArgumentParser", "Billing", "Broker", "Foundation", "Ledger", "Logging", "Mail",
      "Operations",
      "Payments", "Services",
    ]),
    "sandbox": platform.union([
      "ArgumentParser", "Billing", "DequeModule", "Dispatch", "Endpoints", "Foundation",
      "HTTPTypes", "Hummingbird", "JSON", "Logging", "NIOCore", "NIOHTTP1", "NIOPosix",
      "ServiceLifecycle",
    ]),
  ]

  /// The module a line imports, `nil` for other lines: `@testable public import struct A.B` -> `A`.
  static func importedModule(_ line: String) -> String? {
    let words = line.split(separator: " ").map(String.init)
    let modifiers: Set<String> = [
      "public", "package", "internal", "fileprivate", "private", "@testable", "@preconcurrency",
      "@_exported", "@_implementationOnly", "@_spi",
    ]
    guard let at = words.firstIndex(of: "import"),
      words[..<at].allSatisfy({ modifiers.contains($0) || $0.hasPrefix("@_spi(") })
    else { return nil }
    let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "typealias"]
    let rest = words[(at + 1)...].drop { kinds.contains($0) }
    return rest.first.map { String($0.prefix { $0 != "." && $0 != ";" }) }
  }

  static func breaches(in file: SourceFile) -> [RuleFinding] {
    guard let allowed = allowed[file.target] else {
      return [
        RuleFinding(file: file.path, line: 1, what: "target \(file.target) has no import rule")
      ]
    }
    return file.lines.enumerated().compactMap { index, line in
      guard let module = importedModule(line), !allowed.contains(module), module != "Darwin" else {
        return nil
      }
      return RuleFinding(
        file: file.path, line: index + 1, what: "\(file.target) may not import \(module)")
    }
  }
}
