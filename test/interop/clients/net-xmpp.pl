#!/usr/bin/perl
# Net::XMPP (Perl): logs in with jabber:iq:auth, sends one message to an echo and one to an absent JID, and prints the answers.
# usage: net-xmpp.pl PORT DOMAIN ECHO-JID ABSENT-JID
use strict;
use warnings;
use Net::XMPP;

$| = 1;
my ($port, $domain, $echo, $absent) = @ARGV;
my $open = 2;
my $client = Net::XMPP::Client->new();
$client->SetCallBacks(message => sub {
    my ($sid, $message) = @_;
    my $type = $message->GetType() || 'normal';
    print "$type from ", $message->GetFrom(), ": ", ($type eq 'error' ? $message->GetErrorCode() : $message->GetBody()), "\n";
    $open--;
});
defined $client->Connect(hostname => '127.0.0.1', port => $port, componentname => $domain, tls => 0, timeout => 10)
    or die "cannot connect: " . ($client->GetErrorCode() || $!) . "\n";
# Where the server offers SASL Net::XMPP would use it; the older way is what this client is here for.
my @result = $client->AuthIQAuth(username => 'opensrf', password => 'password', resource => 'net-xmpp');
die "login: @result\n" unless $result[0] eq 'ok';
print "logged in\n";
$client->MessageSend(to => $echo, body => "gr\x{fc}\x{df}e & <b>");
$client->MessageSend(to => $absent, body => 'anybody there?');
for (1 .. 20) {
    last if $open == 0;
    defined $client->Process(0.5) or die "connection lost\n";
}
$client->Disconnect();
print "done\n";
