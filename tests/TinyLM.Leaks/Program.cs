// Puts a dozen leaks into a scorer, one at a time, and tells which probes of the audit catch each, over many documents.
using System.CommandLine;
using TinyLM;
using TinyLM.Leaks;

var documents = new Option<int>("--documents") { Description = "how many are scored", DefaultValueFactory = _ => 3000 };
var seed = new Option<ulong>("--seed") { Description = "of documents and weights", DefaultValueFactory = _ => 1UL };
var command = new RootCommand("Tells which probe of ScorerAudit catches which leak.") { documents, seed };

return CommandLine.Run(command, args, arguments => Demonstration.Run(arguments.GetValue(documents), arguments.GetValue(seed)) ? 0 : 1);
