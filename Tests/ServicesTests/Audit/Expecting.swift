import Testing

@testable import Operations

/// Holds without an offender, or is broken by exactly one that contains the text.
func expect<Value>(
  _ finding: AuditFinding, _ item: CheckCase<Value>,
  _ location: SourceLocation = #_sourceLocation
) {
  guard let offender = item.offender else {
    #expect(finding.violations.ids == [], sourceLocation: location)
    #expect(finding.verdict != .broken, sourceLocation: location)
    return
  }
  #expect(finding.verdict == .broken, sourceLocation: location)
  #expect(finding.violations.total == 1, sourceLocation: location)
  #expect(
    finding.violations.ids.contains { $0.contains(offender) }, "\(finding.violations.ids)",
    sourceLocation: location)
}
