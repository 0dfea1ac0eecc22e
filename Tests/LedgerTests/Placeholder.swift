import Testing
@Suite struct PlaceholderLedgerTests { @Test func nothing() {} }
